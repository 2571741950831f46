{{/* The names of objects. */}}
{{- define "nodescope.name" -}}
{{- default .Chart.Name .Values.nameOverride | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "nodescope.fullname" -}}
{{- $name := default .Chart.Name .Values.nameOverride -}}
{{- if .Values.fullnameOverride -}}
{{- .Values.fullnameOverride | trunc 63 | trimSuffix "-" -}}
{{- else if contains $name .Release.Name -}}
{{- .Release.Name | trunc 63 | trimSuffix "-" -}}
{{- else -}}
{{- printf "%s-%s" .Release.Name $name | trunc 63 | trimSuffix "-" -}}
{{- end -}}
{{- end -}}

{{- define "nodescope.namespace" -}}
{{- default .Release.Namespace .Values.namespaceOverride -}}
{{- end -}}

{{/* Objects without a namespace carry the release's in their names, so that two releases do not share them. */}}
{{- define "nodescope.clusterName" -}}
{{- printf "%s-%s" (include "nodescope.namespace" .) (include "nodescope.fullname" .) -}}
{{- end -}}

{{- define "nodescope.serviceAccountName" -}}
{{- if .Values.serviceAccount.create -}}
{{- default (include "nodescope.fullname" .) .Values.serviceAccount.name -}}
{{- else -}}
{{- default "default" .Values.serviceAccount.name -}}
{{- end -}}
{{- end -}}

{{- define "nodescope.selectorLabels" -}}
app.kubernetes.io/name: {{ include "nodescope.name" . | quote }}
app.kubernetes.io/instance: {{ .Release.Name | quote }}
{{- end -}}

{{/* Labels of an object: what it is known by, then what the user adds to it (`more`) and to everything. */}}
{{- define "nodescope.labels" -}}
{{- $chart := .context.Chart -}}
{{- $about := dict
      "app.kubernetes.io/version" $chart.AppVersion
      "app.kubernetes.io/managed-by" .context.Release.Service
      "helm.sh/chart" (printf "%s-%s" $chart.Name $chart.Version | replace "+" "_") -}}
{{- $known := include "nodescope.selectorLabels" .context | fromYaml -}}
{{- merge dict $known (default dict .more) .context.Values.commonLabels $about | toYaml -}}
{{- end -}}

{{- define "nodescope.image" -}}
{{- $image := .Values.image -}}
{{- with $image.registry }}{{ trimSuffix "/" . }}/{{ end -}}
{{- $image.repository -}}
{{- if $image.digest }}@{{ $image.digest }}{{ else }}:{{ default .Chart.AppVersion $image.tag }}{{ end -}}
{{- end -}}

{{/* Does the cluster have at least this minor version of Kubernetes 1? Suffixes of vendors do not count. */}}
{{- define "nodescope.since" -}}
{{- $have := .context.Capabilities.KubeVersion -}}
{{- if ge (int (regexFind "^[0-9]+" $have.Minor)) .minor }}true{{ end -}}
{{- end -}}

{{/* Is the API server or the kubelet asked for anything? Only then the pods get a token. */}}
{{- define "nodescope.needsToken" -}}
{{- if or .Values.pods.detail .Values.pods.list (has "kubernetes" .Values.auth.methods) }}true{{ end -}}
{{- end -}}

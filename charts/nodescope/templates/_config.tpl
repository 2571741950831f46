{{/* The configuration file: what the chart knows, then what the user adds. The keys are the flags of the binary. */}}
{{- define "nodescope.config" -}}
{{- $keys := dict
      "listen" (list (include "nodescope.listen" .))
      "root" "/host"
      "docker-host" (printf "unix:///mnt/docker/%s" (base .Values.docker.socket))
      "pod-source" .Values.pods.source -}}
{{- with .Values.pods.kubeletCertificate -}}
{{- $_ := set $keys "kubelet-ca-file" (printf "/host%s" .) -}}
{{- end -}}
{{- if .Values.listen.insecure -}}
{{- $_ := set $keys "insecure-listen" true -}}
{{- end -}}
{{- $hosts := .Values.listen.allowedHosts -}}
{{- if not .Values.hostNetwork -}}
{{- $name := include "nodescope.fullname" . -}}
{{- $service := include "nodescope.serviceHost" . -}}
{{- $hosts = concat (list $name (trimSuffix ".svc" $service) $service (printf "%s.cluster.local" $service)) $hosts -}}
{{- end -}}
{{- if $hosts -}}
{{- $_ := set $keys "allow-host" $hosts -}}
{{- end -}}
{{- if .Values.goroutineDumps.enabled -}}
{{- $keys = merge $keys (dict "goroutine-dumps" true "docker-pid-file" "/run/docker.pid" "docker-exec-root" "/run/docker") -}}
{{- end -}}
{{- $keys = merge $keys (include "nodescope.authConfig" . | fromYaml) -}}
{{- range $key, $value := merge (deepCopy .Values.config) $keys }}
{{ $key }} = {{ include "nodescope.tomlValue" $value }}
{{- end }}
{{- end -}}

{{- define "nodescope.tomlValue" -}}
{{- if kindIs "slice" . -}}
[{{ range $i, $one := . }}{{ if $i }}, {{ end }}{{ $one | toString | quote }}{{ end }}]
{{- else if kindIs "bool" . -}}
{{ . }}
{{- else -}}
{{ . | toString | quote }}
{{- end -}}
{{- end -}}

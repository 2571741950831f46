{{/* Where the service listens, and how it is reached. */}}
{{- define "nodescope.listenAddress" -}}
{{- default (ternary "127.0.0.1" "0.0.0.0" .Values.hostNetwork) .Values.listen.address -}}
{{- end -}}

{{- define "nodescope.listensOnLoopback" -}}
{{- if regexMatch "^(127\\.|::1$|localhost$)" (include "nodescope.listenAddress" .) }}true{{ end -}}
{{- end -}}

{{- define "nodescope.listen" -}}
{{- $address := include "nodescope.listenAddress" . -}}
{{- if contains ":" $address }}[{{ $address }}]{{ else }}{{ $address }}{{ end }}:{{ .Values.listen.port }}
{{- end -}}

{{- define "nodescope.scheme" -}}
{{- ternary "https" "http" (not (empty .Values.tls.existingSecret)) -}}
{{- end -}}

{{/* The Service's name inside the cluster; without hostNetwork agents and the test pod call it. */}}
{{- define "nodescope.serviceHost" -}}
{{- printf "%s.%s.svc" (include "nodescope.fullname" .) (include "nodescope.namespace" .) -}}
{{- end -}}

{{- define "nodescope.callAddress" -}}
{{- if not .Values.hostNetwork -}}
{{- include "nodescope.serviceHost" . -}}
{{- else if has (include "nodescope.listenAddress" .) (list "0.0.0.0" "::") -}}
127.0.0.1
{{- else -}}
{{- include "nodescope.listenAddress" . -}}
{{- end -}}
{{- end -}}

{{/* What cannot work is refused here, before a pod fails to start on every node. */}}
{{- define "nodescope.checkListen" -}}
{{- $closed := or (has "none" .Values.auth.methods) (eq (join "" .Values.auth.methods) "local-peer") -}}
{{- if not (or (include "nodescope.listensOnLoopback" .) .Values.listen.insecure) -}}
{{- if or $closed (empty .Values.tls.existingSecret) -}}
{{- fail (printf "listening on %s needs tls.existingSecret and a method in auth.methods that works from afar (neither local-peer alone nor none), or listen.insecure: true, with which everybody who reaches it can read along" (include "nodescope.listenAddress" .)) -}}
{{- end -}}
{{- end -}}
{{- if not .Values.hostNetwork -}}
{{- if include "nodescope.listensOnLoopback" . -}}
{{- fail "with hostNetwork: false nobody reaches a loopback address: leave listen.address empty" -}}
{{- end -}}
{{- if not (include "nodescope.since" (dict "context" . "minor" 22)) -}}
{{- fail "hostNetwork: false needs Kubernetes 1.22: an ordinary Service (without internalTrafficPolicy) would answer for another node" -}}
{{- end -}}
{{- if eq (join "" .Values.auth.methods) "local-peer" -}}
{{- fail "auth.methods: local-peer alone admits nobody with hostNetwork: false, as nobody calls over loopback: add another method" -}}
{{- end -}}
{{- end -}}
{{- if and .Values.networkPolicy.enabled .Values.hostNetwork -}}
{{- fail "networkPolicy.enabled needs hostNetwork: false: a NetworkPolicy does not bind pods in the node's network" -}}
{{- end -}}
{{- if and .Values.serviceMonitor.enabled .Values.hostNetwork -}}
{{- fail "serviceMonitor.enabled needs hostNetwork: false, as there is no Service otherwise: use podMonitor" -}}
{{- end -}}
{{- end -}}

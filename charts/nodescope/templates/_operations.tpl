{{- define "nodescope.operationAddress" -}}
{{- default (include "nodescope.callAddress" .) .Values.operations.address -}}
{{- end -}}

{{/* What KubeDiag waits: the longest an answer may take, rounded up to seconds, and 5 more to carry it. */}}
{{- define "nodescope.operationSeconds" -}}
{{- if .Values.operations.timeoutSeconds -}}
{{- .Values.operations.timeoutSeconds -}}
{{- else -}}
{{- $limit := index .Values.config "timeout-request" | default "30s" | toString -}}
{{- $number := regexFind "^[0-9]+" $limit | int -}}
{{- $unit := regexFind "[a-z]+$" $limit -}}
{{- if not (regexMatch "^[0-9]+(ms|s|m|h)$" $limit) -}}
{{- fail (printf "config.timeout-request %q is not a duration: use 500ms, 5s, 1m or 2h" $limit) -}}
{{- end -}}
{{- if eq $unit "ms" -}}
{{- add (div (add $number 999) 1000) 5 -}}
{{- else -}}
{{- add (mul $number (get (dict "s" 1 "m" 60 "h" 3600) $unit)) 5 -}}
{{- end -}}
{{- end -}}
{{- end -}}

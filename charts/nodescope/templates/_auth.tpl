{{/* Who may ask: keys of the configuration file, and the secrets they name. */}}
{{- define "nodescope.authConfig" -}}
auth: {{ toJson .Values.auth.methods }}
{{- with .Values.auth.localPeerUids }}
local-peer-uid: {{ toJson . }}
{{- end }}
{{- if .Values.auth.tokenFile.existingSecret }}
token-file: /etc/nodescope-tokens/{{ .Values.auth.tokenFile.key }}
{{- end }}
{{- if .Values.auth.passwordFile.existingSecret }}
password-file: /etc/nodescope-passwords/{{ .Values.auth.passwordFile.key }}
{{- end }}
{{- if .Values.auth.clientCertificate.existingSecret }}
client-ca-file: /etc/nodescope-client-ca/{{ .Values.auth.clientCertificate.key }}
allow-client-name: {{ toJson .Values.auth.clientCertificate.names }}
{{- end }}
{{- with .Values.auth.kubernetes.audience }}
auth-audience: {{ quote . }}
{{- end }}
{{- with .Values.auth.kubernetes.url }}
auth-url: {{ quote . }}
{{- end }}
{{- if .Values.tls.existingSecret }}
tls-cert-file: /etc/nodescope-tls/{{ .Values.tls.certKey }}
tls-key-file: /etc/nodescope-tls/{{ .Values.tls.keyKey }}
{{- end }}
{{- end -}}

{{/* The secrets by the name of their volume. */}}
{{- define "nodescope.authSecrets" -}}
tls: {{ .Values.tls.existingSecret | quote }}
tokens: {{ .Values.auth.tokenFile.existingSecret | quote }}
passwords: {{ .Values.auth.passwordFile.existingSecret | quote }}
client-ca: {{ .Values.auth.clientCertificate.existingSecret | quote }}
{{- end -}}

{{- define "nodescope.authMounts" -}}
{{- range $volume, $secret := include "nodescope.authSecrets" . | fromYaml }}
{{- if $secret }}
- name: {{ $volume }}
  mountPath: /etc/nodescope-{{ $volume }}
  readOnly: true
{{- end }}
{{- end }}
{{- end -}}

{{- define "nodescope.authVolumes" -}}
{{- range $volume, $secret := include "nodescope.authSecrets" . | fromYaml }}
{{- if $secret }}
- name: {{ $volume }}
  secret:
    secretName: {{ $secret | quote }}
    defaultMode: 0400
{{- end }}
{{- end }}
{{- end -}}

{{/* Does `nodescope ask` inside the pod, or the test pod beside it, need no credentials? */}}
{{- define "nodescope.asksFreely" -}}
{{- if or (has "none" .Values.auth.methods) (has "local-peer" .Values.auth.methods) }}true{{ end -}}
{{- end -}}

{{/* A method and what it needs go together; the service would not start otherwise. */}}
{{- define "nodescope.checkAuth" -}}
{{- $auth := .Values.auth -}}
{{- $methods := $auth.methods -}}
{{- if and (has "none" $methods) (gt (len $methods) 1) -}}
{{- fail "auth.methods: none admits everybody, and goes with no other method" -}}
{{- end -}}
{{- if and $auth.localPeerUids (not (has "local-peer" $methods)) -}}
{{- fail "auth.localPeerUids needs the method local-peer" -}}
{{- end -}}
{{- $needed := dict
      "token-file" (list "auth.tokenFile.existingSecret" $auth.tokenFile.existingSecret)
      "basic" (list "auth.passwordFile.existingSecret" $auth.passwordFile.existingSecret)
      "client-certificate" (list "auth.clientCertificate.existingSecret" $auth.clientCertificate.existingSecret) -}}
{{- range $method, $pair := $needed -}}
{{- if and (has $method $methods) (empty (index $pair 1)) -}}
{{- fail (printf "the method %s needs %s" $method (index $pair 0)) -}}
{{- end -}}
{{- if and (not (has $method $methods)) (index $pair 1) -}}
{{- fail (printf "%s needs the method %s" (index $pair 0) $method) -}}
{{- end -}}
{{- end -}}
{{- if has "client-certificate" $methods -}}
{{- if empty .Values.tls.existingSecret -}}
{{- fail "the method client-certificate needs tls.existingSecret" -}}
{{- end -}}
{{- if empty $auth.clientCertificate.names -}}
{{- fail "the method client-certificate needs auth.clientCertificate.names" -}}
{{- end -}}
{{- end -}}
{{- end -}}

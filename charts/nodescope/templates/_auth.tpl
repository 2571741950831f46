{{/* Who may ask: keys of the configuration file, and the secrets they name. */}}
{{- define "nodescope.authConfig" -}}
{{- end -}}

{{- define "nodescope.authMounts" -}}
{{- if .Values.tls.existingSecret }}
- name: tls
  mountPath: /etc/nodescope-tls
  readOnly: true
{{- end }}
{{- end -}}

{{- define "nodescope.authVolumes" -}}
{{- if .Values.tls.existingSecret }}
- name: tls
  secret:
    secretName: {{ .Values.tls.existingSecret }}
    defaultMode: 0400
{{- end }}
{{- end -}}

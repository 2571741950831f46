{{/* The pieces of the container: probes, rights, volumes. */}}
{{- define "nodescope.probe" -}}
httpGet:
  path: {{ .path }}
  port: api
  scheme: {{ include "nodescope.scheme" .context | upper }}
  {{- if include "nodescope.listensOnLoopback" .context }}
  host: {{ include "nodescope.callAddress" .context | quote }}
  {{- end }}
{{ toYaml .probe }}
{{- end -}}

{{- define "nodescope.securityContext" -}}
# Container runtimes give capabilities to no other user than root.
runAsUser: 0
runAsGroup: 0
readOnlyRootFilesystem: true
{{- if .Values.privileged }}
privileged: true
{{- else }}
allowPrivilegeEscalation: false
capabilities:
  drop: [ALL]
  # Opening another process's namespaces, entering them, reading NAT tables in them.
  add:
    - SYS_PTRACE
    - SYS_ADMIN
    - NET_ADMIN
    {{- if .Values.legacyIptables }}
    - NET_RAW
    {{- end }}
    {{- if .Values.containerFiles }}
    - DAC_READ_SEARCH
    {{- end }}
{{- if include "nodescope.since" (dict "context" . "minor" 19) }}
seccompProfile:
  {{- include "nodescope.profileField" .Values.seccompProfile | nindent 2 }}
{{- end }}
{{- if and .Values.appArmorProfile (include "nodescope.since" (dict "context" . "minor" 30)) }}
appArmorProfile:
  {{- include "nodescope.profileField" .Values.appArmorProfile | nindent 2 }}
{{- end }}
{{- end }}
{{- with .Values.seLinuxType }}
seLinuxOptions:
  type: {{ . | quote }}
{{- end }}
{{- end -}}

{{/* Of AppArmor and seccomp. The annotations' spelling is taken: unconfined, runtime/default or localhost/NAME. */}}
{{- define "nodescope.profileField" -}}
{{- if eq . "unconfined" -}}
type: Unconfined
{{- else if eq . "runtime/default" -}}
type: RuntimeDefault
{{- else -}}
type: Localhost
localhostProfile: {{ trimPrefix "localhost/" . | quote }}
{{- end -}}
{{- end -}}

{{/* The name of the volume for a path of the node. */}}
{{- define "nodescope.hostVolume" -}}
{{- printf "host%s" (regexReplaceAll "[^a-z0-9]+" (lower .) "-") | trunc 63 | trimSuffix "-" -}}
{{- end -}}

{{- define "nodescope.volumeMounts" -}}
- name: config
  mountPath: /etc/nodescope
  readOnly: true
- name: docker
  mountPath: /mnt/docker
  readOnly: true
{{- if .Values.hostRoot.enabled }}
- name: root
  mountPath: /host
  readOnly: true
  # What the node mounts later is seen, and what it unmounts is not held.
  mountPropagation: HostToContainer
{{- else }}
{{- range list "proc" "sys" "run" }}
- name: {{ . }}
  mountPath: /host/{{ . }}
  readOnly: true
  mountPropagation: HostToContainer
{{- end }}
{{- range append .Values.hostRoot.files .Values.pods.kubeletCertificate | compact | uniq }}
- name: {{ include "nodescope.hostVolume" . }}
  mountPath: /host{{ . }}
  readOnly: true
{{- end }}
{{- range .Values.hostRoot.folders }}
- name: {{ include "nodescope.hostVolume" . }}
  mountPath: /host{{ . }}
  readOnly: true
  mountPropagation: HostToContainer
{{- end }}
{{- end }}
{{- if .Values.goroutineDumps.enabled }}
- name: docker-exec-root
  mountPath: /host/run/docker
- name: tmp
  mountPath: /host/tmp
- name: state
  mountPath: /var/lib/nodescope
{{- end }}
{{- include "nodescope.authMounts" . }}
{{- with .Values.extraVolumeMounts }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "nodescope.volumes" -}}
- name: config
  configMap:
    name: {{ include "nodescope.fullname" . | quote }}
# The folder, not the socket: a mounted socket goes stale when the daemon restarts.
- name: docker
  hostPath:
    path: {{ dir .Values.docker.socket | quote }}
{{- if .Values.hostRoot.enabled }}
- name: root
  hostPath:
    path: /
{{- else }}
{{- range list "proc" "sys" "run" }}
- name: {{ . }}
  hostPath:
    path: /{{ . }}
{{- end }}
# With their type, so that nothing is made on a node that does not have them. A file that the node replaces is seen at the next start.
{{- range append .Values.hostRoot.files .Values.pods.kubeletCertificate | compact | uniq }}
- name: {{ include "nodescope.hostVolume" . }}
  hostPath:
    path: {{ . | quote }}
    type: File
{{- end }}
{{- range .Values.hostRoot.folders }}
- name: {{ include "nodescope.hostVolume" . }}
  hostPath:
    path: {{ . | quote }}
    type: Directory
{{- end }}
{{- end }}
{{- if .Values.goroutineDumps.enabled }}
- name: docker-exec-root
  hostPath:
    path: /run/docker
- name: tmp
  hostPath:
    path: /tmp
- name: state
  hostPath:
    path: {{ .Values.goroutineDumps.directory | quote }}
    type: DirectoryOrCreate
{{- end }}
{{- include "nodescope.authVolumes" . }}
{{- with .Values.extraVolumes }}
{{ toYaml . }}
{{- end }}
{{- end -}}

{{- define "edgecache.name" -}}
{{- if contains .Chart.Name .Release.Name }}{{ .Release.Name | trunc 40 | trimSuffix "-" }}{{ else }}{{ printf "%s-%s" .Release.Name .Chart.Name | trunc 40 | trimSuffix "-" }}{{ end }}
{{- end }}

{{- define "edgecache.image" -}}
{{- with .Values.image }}{{ .repository }}{{ if .digest }}@{{ .digest }}{{ else }}:{{ .tag | default $.Chart.AppVersion }}{{ end }}{{ end }}
{{- end }}

{{- /* A list of the root and the part: edge, router, redis. */ -}}
{{- define "edgecache.selector" -}}
{{- $root := index . 0 -}}
app.kubernetes.io/name: {{ $root.Chart.Name }}
app.kubernetes.io/instance: {{ $root.Release.Name }}
app.kubernetes.io/component: {{ index . 1 }}
{{- end }}

{{- define "edgecache.labels" -}}
{{- $root := index . 0 -}}
{{ include "edgecache.selector" . }}
app.kubernetes.io/version: {{ $root.Chart.AppVersion | quote }}
app.kubernetes.io/managed-by: {{ $root.Release.Service }}
helm.sh/chart: {{ printf "%s-%s" $root.Chart.Name $root.Chart.Version }}
{{- end }}

{{- define "edgecache.secret" -}}
{{ .Values.auth.existingSecret | default (include "edgecache.name" .) }}
{{- end }}

{{- /* The tokens, and the address of Redis for the program whose variables begin with the prefix. */ -}}
{{- define "edgecache.secretEnv" -}}
{{- $root := index . 0 -}}
{{- $prefix := index . 1 -}}
{{- with $root.Values -}}
- name: EDGECACHE_TOKEN
  valueFrom: { secretKeyRef: { name: {{ include "edgecache.secret" $root }}, key: token } }
- name: EDGECACHE_READ_TOKEN
  valueFrom: { secretKeyRef: { name: {{ include "edgecache.secret" $root }}, key: read-token, optional: true } }
{{- if .redis.bundled }}
- name: REDIS_PASSWORD
  valueFrom: { secretKeyRef: { name: {{ include "edgecache.name" $root }}-redis, key: password } }
- name: {{ $prefix }}_REDIS
  value: redis://edgecache:$(REDIS_PASSWORD)@{{ include "edgecache.name" $root }}-redis:6379
{{- else }}
- name: {{ $prefix }}_REDIS
  valueFrom: { secretKeyRef: { name: {{ required "redis.existingSecret must name a Secret with the key url, because redis.bundled is false" .redis.existingSecret }}, key: url } }
{{- end }}
{{- end }}
{{- end }}

{{- define "edgecache.podSecurity" -}}
automountServiceAccountToken: false
enableServiceLinks: false
securityContext:
  runAsNonRoot: true
  runAsUser: {{ . }}
  runAsGroup: {{ . }}
  fsGroup: {{ . }}
  fsGroupChangePolicy: OnRootMismatch
  seccompProfile: { type: RuntimeDefault }
{{- end }}

{{- define "edgecache.containerSecurity" -}}
securityContext:
  allowPrivilegeEscalation: false
  readOnlyRootFilesystem: true
  capabilities: { drop: [ALL] }
{{- end }}

{{- /* Pods of a part in different zones, and there on different nodes, as far as there are some. */ -}}
{{- define "edgecache.spread" -}}
topologySpreadConstraints:
{{- range $key := list "topology.kubernetes.io/zone" "kubernetes.io/hostname" }}
  - maxSkew: 1
    topologyKey: {{ $key }}
    whenUnsatisfiable: ScheduleAnyway
    labelSelector:
      matchLabels:
        {{- include "edgecache.selector" $ | nindent 8 }}
{{- end }}
{{- end }}

{{- /* By the operator port, of the name "operator". */ -}}
{{- define "edgecache.probes" -}}
# A start waits for nothing but its own ports: a minute is for a busy node.
startupProbe:
  httpGet: { path: /healthz, port: operator }
  periodSeconds: 2
  failureThreshold: 30
livenessProbe:
  httpGet: { path: /healthz, port: operator }
  periodSeconds: 10
  timeoutSeconds: 5
readinessProbe:
  httpGet: { path: /readyz, port: operator }
  periodSeconds: 5
  timeoutSeconds: 3
{{- end }}

{{/* a comment, with }} and "quotes */}}
{{- /* trimmed
over two lines */ -}}
{{- define "a.name" -}}
{{- if and (eq .Values.a "}}") (not .b) }}{{ else if .c }}x{{ else }}y{{ end -}}
{{- end }}
{{ $x := `raw "}}" \ text` }}
{{- range $k, $v := .Values.m }}
  {{ $k | quote }}: {{ $v | toJson }} {{ printf "%c" 'x' }}{{ '\'' }}
{{- else }}
# none { of } them
{{- end }}
{{ with .Values.a }}{{ . }}{{ end }}{{ block "b" . }}{{ template "a.name" . }}{{ end }}
{{ include "a" (dict
  "b" 1) | nindent 4 }}
{ not: "an { action" }

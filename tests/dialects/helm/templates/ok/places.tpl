# <{ "a # comment" }> of 27
# <{ "{{ fail }}" }> { <{ 1 }>
{{- /* <{ "header; \"quotes\" {{ x }}" }> */}}
a: {{ "<{ "x\"\\}} {{ é\n\u0007" }>" | quote }}
b: {{ printf "%s-<{ 7 }>" .Values.a | toJson }}
{{- if eq .a "<{ "x" }>" }}{{ $b := "<{ true }>" }}{{ end }}
{{ include "<{ "name" }>" . | quote }}{{ template "<{ "name" }>" . }}
c: {{ "<{ json {"a": "<"} }>" | quote -}}

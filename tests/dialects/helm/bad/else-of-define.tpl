{{ define "a" }}{{ else }}{{ end }}

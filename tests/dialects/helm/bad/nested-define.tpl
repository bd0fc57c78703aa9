{{ if .x }}{{ define "a" }}{{ end }}{{ end }}

a: {{- print "<{ "x" }>" -}}

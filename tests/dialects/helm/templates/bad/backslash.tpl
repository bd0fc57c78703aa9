a: {{ "\<{ "x" }>" | quote }}

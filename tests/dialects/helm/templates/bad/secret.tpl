a: {{ "<{ secret "x" }>" | quote }}

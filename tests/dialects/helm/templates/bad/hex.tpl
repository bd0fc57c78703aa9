a: {{ "\x<{ 41 }>" | quote }}

# <{ embed:sh "ls" }>

module gogen.dev/hello

go 1.27.0

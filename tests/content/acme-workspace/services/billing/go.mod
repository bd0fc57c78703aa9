module acme.example/billing

go 1.26.0

toolchain go1.27.1

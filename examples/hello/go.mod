module example.com/hello

go 1.24.0

require rsc.io/quote v1.5.2

require (
	golang.org/x/text v0.32.0 // indirect
	rsc.io/sampler v1.3.0 // indirect
)

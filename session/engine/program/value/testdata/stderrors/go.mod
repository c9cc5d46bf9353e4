module example.com/stderrors

go 1.23

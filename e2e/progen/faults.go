package progen

// faults are statements that log a run-time panic and cause it.
var faults = []string{
	`		calllog.Fault("runtime.boundsError", "runtime error: index out of range [5] with length 3")
		list, i := []int{1, 2, 3}, calllog.Same(5)
		list[i]++
`,
	`		calllog.Fault("runtime.boundsError", "runtime error: slice bounds out of range [:7] with capacity 3")
		list, i := []int{1, 2, 3}, calllog.Same(7)
		_ = calllog.Same(list[:i])
`,
	`		calllog.Fault("runtime.errorString", "runtime error: integer divide by zero")
		_ = calllog.Same(1 / calllog.Same(0))
`,
	`		calllog.Fault("runtime.errorString", "runtime error: invalid memory address or nil pointer dereference")
		*calllog.Same((*int)(nil)) = 1
`,
	`		calllog.Fault("*runtime.TypeAssertionError", "interface conversion: interface {} is string, not int")
		_ = calllog.Same(any("x")).(int)
`,
	`		calllog.Fault("runtime.plainError", "assignment to entry in nil map")
		calllog.Same(map[string]int(nil))["x"] = 1
`,
	`		calllog.Fault("runtime.plainError", "close of nil channel")
		close(calllog.Same((chan int)(nil)))
`,
}

// Package enginetest tests engines, and what stands on them without one: [Run]
// is the conformance suite that every engine passes, [Fake] is an engine that
// plays a script, and [Parse] reads such scripts from text.
//
// It knows no engine in particular.
package enginetest

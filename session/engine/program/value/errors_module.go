package value

import (
	"regexp"
	"strconv"
	"strings"
)

// moduleErrorForm knows error types of modules that many programs are made with.
func moduleErrorForm(name string) *errorForm {
	switch majorVersion.ReplaceAllString(name, "$1") {
	case "*github.com/pkg/errors.fundamental":
		return &errorForm{words: "{msg}"}
	case "*github.com/pkg/errors.withMessage":
		return &errorForm{words: "{msg}: {cause}", wraps: "cause"}
	case "*github.com/pkg/errors.withStack":
		return &errorForm{words: "{error}", wraps: "error"}
	case "*google.golang.org/grpc/internal/status.Error":
		return &errorForm{special: (*printer).grpcError}
	case "*github.com/jackc/pgx/pgconn.PgError", "*github.com/jackc/pgconn.PgError":
		return &errorForm{words: "{Severity}: {Message} (SQLSTATE {Code})"}
	case "*github.com/lib/pq.Error":
		return &errorForm{words: "pq: {Message}"}
	case "*github.com/go-sql-driver/mysql.MySQLError":
		return &errorForm{special: (*printer).mysqlError}
	case "*github.com/aws/smithy-go.GenericAPIError":
		return &errorForm{words: "api error {Code}: {Message}"}
	case "*github.com/aws/smithy-go.OperationError":
		return &errorForm{words: "operation error {ServiceID}: {OperationName}, {Err}", wraps: "Err"}
	case "*github.com/aws/smithy-go.CanceledError":
		return &errorForm{words: "canceled, {Err}", wraps: "Err"}
	}
	return nil
}

// majorVersion is an element of an import path that says which major version of a
// module it is of.
var majorVersion = regexp.MustCompile(`/v[0-9]+(/|\.)`)

// grpcError words the status that an error of gRPC holds, behind two pointers.
func (p *printer) grpcError(pl *plan, v val) string {
	for _, name := range []string{"s", "s"} {
		f := pl.field(name)
		if f == nil {
			return ""
		}
		var ok bool
		if pl, v, ok = p.target(p.r.follow(&f.link), v.at(f.off)); !ok {
			return "rpc error: code = OK desc = "
		}
	}
	return "rpc error: code = " + grpcCode(p.part("Code", pl, v)) + " desc = " + p.part("Message", pl, v)
}

func grpcCode(number string) string {
	names := [...]string{
		"OK", "Canceled", "Unknown", "InvalidArgument", "DeadlineExceeded", "NotFound", "AlreadyExists",
		"PermissionDenied", "ResourceExhausted", "FailedPrecondition", "Aborted", "OutOfRange", "Unimplemented",
		"Internal", "Unavailable", "DataLoss", "Unauthenticated",
	}
	if n, err := strconv.Atoi(number); err == nil && n >= 0 && n < len(names) {
		return names[n]
	}
	return "Code(" + number + ")"
}

func (p *printer) mysqlError(pl *plan, v val) string {
	s := "Error " + p.part("Number", pl, v)
	if f := pl.field("SQLState"); f != nil {
		state, err := p.need(v.at(f.off), p.r.follow(&f.link).size)
		if err == nil && strings.Trim(string(state), "\x00") != "" {
			s += " (" + string(state) + ")"
		}
	}
	return s + ": " + p.part("Message", pl, v)
}

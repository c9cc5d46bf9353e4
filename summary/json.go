package summary

import (
	"encoding/json"

	"gtrace/events"
)

// jsonRow is a Row in JSON lines. Its kind is none of an event.
type jsonRow struct {
	Kind      string          `json:"kind"`
	Func      json.RawMessage `json:"func"`
	Calls     uint64          `json:"calls"`
	Errors    uint64          `json:"errors"`
	Panics    uint64          `json:"panics"`
	Timed     uint64          `json:"timed"`
	Total     int64           `json:"total_ns"`
	Self      int64           `json:"self_ns"`
	Average   int64           `json:"average_ns"`
	P50       int64           `json:"p50_ns"`
	P99       int64           `json:"p99_ns"`
	Max       int64           `json:"max_ns"`
	Histogram []jsonBucket    `json:"histogram,omitempty"`
}

type jsonBucket struct {
	From  int64  `json:"from_ns"`
	To    int64  `json:"to_ns,omitempty"` // none: no end
	Calls uint64 `json:"calls"`
}

func appendJSON(b []byte, rows []Row) []byte {
	for _, r := range rows {
		j := jsonRow{
			Kind: events.SummaryKind, Func: events.AppendJSONString(nil, r.Func),
			Calls: r.Calls, Errors: r.Errors, Panics: r.Panics, Timed: r.Timed,
			Total: int64(r.Total), Self: int64(r.Self), Average: int64(r.Average),
			P50: int64(r.P50), P99: int64(r.P99), Max: int64(r.Max),
		}
		if r.buckets != nil {
			j.Histogram = jsonBuckets(r.buckets)
		}
		line, err := json.Marshal(j)
		if err != nil {
			panic(err) // of strings and numbers
		}
		b = append(append(b, line...), '\n')
	}
	return b
}

func jsonBuckets(b *buckets) []jsonBucket {
	var list []jsonBucket
	for i, to := b.used(); i < to; i++ {
		bucket := jsonBucket{From: int64(bounds[i]), Calls: b.counts[i]}
		if i+1 < len(bounds) {
			bucket.To = int64(bounds[i+1])
		}
		list = append(list, bucket)
	}
	return list
}

package events_test

import (
	"os"
	"testing"

	"gtrace/events"
)

var shop = []string{
	`start t=1000s gtrace=v1 engine=dlv pid=4711 program=/home/u/shop go=go1.26.8 patterns=("main.*" "shop/db.(*Pool).*") functions=14 probes=31 stopped=38.4ms notes=("main.clamp is inlined at 3 places: its calls there cannot be seen")`,
	`call seq=1 t=1000.000104s g1 #1 depth=0 main.run(addr:string="\":8080\"", n:int=3) caller=main.main@/src/shop/main.go:28`,
	`call seq=2 t=1000.000250s g1 #2 parent=1 depth=1 main.loadConfig(path:string="\"shop.yaml\"") caller=main.run@/src/shop/main.go:41`,
	`exception seq=3 t=1000.000390s g1 #2 parent=1 depth=1 main.loadConfig !error(type=*fs.PathError value="open shop.yaml: no such file or directory" origin=main.loadConfig@/src/shop/config.go:17)`,
	`return seq=4 t=1000.000391s g1 #2 parent=1 depth=1 main.loadConfig -> (~r0:*main.Config=nil, ~r1:error=E!"open shop.yaml: no such file or directory") error="open shop.yaml: no such file or directory" duration=141µs`,
	`call seq=5 t=1000.000502s g1 #3 parent=1 depth=1 main.defaults() caller=main.run@/src/shop/main.go:44`,
	`return seq=6 t=1000.000503s g1 #3 parent=1 depth=1 main.defaults -> (~r0:main.Config="main.Config{Addr:\":8080\", Retries:3, …}") duration=840ns`,
	`call seq=7 t=1000.001s g18 #4 depth=0 "shop/db.(*Pool).Get"(p:*db.Pool="&db.Pool{size:2, idle:0}", ctx:context.Context=context.Background) caller=main.worker@/src/shop/worker.go:12`,
	`call seq=8 t=1000.0012s g19 #5 depth=0 main.handle(w:int="http.ResponseWriter(*http.response)", id:int=7) caller=main.worker@/src/shop/worker.go:15`,
	`call seq=9 t=1000.0013s g19 #6 parent=5 depth=1 main.price(item:string="\"日本語 tea\"", qty:int=2) caller=main.handle@/src/shop/handle.go:31`,
	`call seq=10 t=1000.0014s g18 #7 parent=4 depth=1 shop/db.dial(addr:string="\"10.0.0.7:5432\"") caller=shop/db.(*Pool).Get@/src/shop/db/pool.go:44`,
	`return seq=11 t=1000.00142s g19 #6 parent=5 depth=1 main.price -> (~r0:int=1198, ok:bool=true) duration=11.8µs`,
	`call seq=12 t=1000.0015s g19 #8 parent=5 depth=1 main.charge(cents:int=1198) caller=main.handle@/src/shop/handle.go:36`,
	`call seq=13 t=1000.0016s g19 #9 parent=8 depth=2 main.validate(c:*main.Card="&main.Card{Number:\"4111…\", CVC:0}") caller=main.charge@/src/shop/charge.go:19`,
	`call seq=14 t=1000.0017s g19 #10 parent=9 depth=3 "main.(*Card).check"(c:*main.Card="&main.Card{…}", s:[]int="[]int{}") caller=main.validate@/src/shop/charge.go:52`,
	`exception seq=15 t=1000.0018s g19 #10 parent=9 depth=3 "main.(*Card).check" !runtime(type=runtime.boundsError value="runtime error: index out of range [3] with length 0" origin=main.(*Card).check@/src/shop/card.go:9)`,
	`return seq=16 t=1000.0019s g19 #10 parent=9 depth=3 "main.(*Card).check" unwound duration=31µs`,
	`exception seq=17 t=1000.0019s g19 #9 parent=8 depth=2 main.validate !runtime(type=runtime.boundsError value="runtime error: index out of range [3] with length 0" origin=main.(*Card).check@/src/shop/card.go:9)`,
	`return seq=18 t=1000.0019s g19 #9 parent=8 depth=2 main.validate unwound duration=71µs`,
	`exception seq=19 t=1000.002s g19 #8 parent=5 depth=1 main.charge !runtime(type=runtime.boundsError value="runtime error: index out of range [3] with length 0" recovered recovered_by=main.charge.func1@/src/shop/charge.go:12 origin=main.(*Card).check@/src/shop/card.go:9)`,
	`exception seq=20 t=1000.002s g19 #8 parent=5 depth=1 main.charge !error(type=*errors.errorString value="card refused" origin=main.charge@/src/shop/charge.go:14)`,
	`return seq=21 t=1000.0021s g19 #8 parent=5 depth=1 main.charge recovered -> (err:error=E!"card refused") error="card refused" duration=602µs`,
	`exception seq=22 t=1000.0022s g19 #5 depth=0 main.handle !error(type=*fmt.wrapError value="order 7: card refused" origin=main.charge@/src/shop/charge.go:14)`,
	`return seq=23 t=1000.0023s g19 #5 depth=0 main.handle -> (~r0:error=E!"order 7: card refused") error="order 7: card refused" duration=1.1ms`,
	`return seq=24 t=1000.0244s g18 #7 parent=4 depth=1 shop/db.dial -> (~r0:*db.Conn="&db.Conn{fd:9, addr:\"10.0.0.7:5432\"}", ~r1:error=nil) duration=23ms`,
	`return seq=25 t=1000.0245s g18 #4 depth=0 "shop/db.(*Pool).Get" -> (~r0:*db.Conn="&db.Conn{fd:9, …}", ~r1:error=nil) duration=23.5ms`,
	`return seq=26 t=1000.03s g5 #11 depth=0 main.reload -> (~r0:error=nil) partial`,
	`call seq=27 t=1000.031s g20 #12 depth=0 main.audit(msg:string="\"\\x1b[31mred\\x1b[0m\"") caller=main.worker@/src/shop/worker.go:22`,
	`line seq=28 t=1000.0311s g20 #12 depth=0 main.audit @/src/shop/audit.go:7 source="\tfor i := range 3 {" changes=(+msg:string="\"x\"")`,
	`line seq=29 t=1000.0312s g20 #12 depth=0 main.audit @/src/shop/audit.go:8 source="\t\ttotal += i" changes=(+i:int=0, +total:int=0)`,
	`line seq=30 t=1000.0313s g20 #12 depth=0 main.audit @/src/shop/audit.go:10 source="\tflush(total)" changes=(~i:int=3, ~total:int=3)`,
	`call seq=31 t=1000.032s g20 #13 parent=12 depth=1 main.flush(total:int=3) caller=main.audit@/src/shop/audit.go:10`,
	`exception seq=32 t=1000.033s g20 #13 parent=12 depth=1 main.flush !panic(type=string value="\"disk full\"" origin=main.flush@/src/shop/audit.go:18)`,
	`call seq=33 t=1000.034s g20 #14 parent=13 depth=2 main.flush.func1() caller=main.flush@/src/shop/audit.go:18`,
	`return seq=34 t=1000.035s g20 #14 parent=13 depth=2 main.flush.func1 -> () duration=900µs`,
	`return seq=35 t=1000.036s g20 #13 parent=12 depth=1 main.flush unwound duration=3.2ms`,
	`exception seq=36 t=1000.036s g20 #12 depth=0 main.audit !panic(type=string value="\"disk full\"" origin=main.flush@/src/shop/audit.go:18)`,
	`return seq=37 t=1000.037s g20 #12 depth=0 main.audit unwound duration=6ms`,
	`lost t=1000.04s count=12 why="the target was busier than its buffer"`,
	`end t=1001s reason=exited status=2 events=37 lost=12 held=61ms open=(#1 g1 main.run)`,
}

func TestTextLook(t *testing.T) {
	for _, width := range []int{0, 120} {
		sink := events.Text(os.Stdout, events.TextOptions{Color: os.Getenv("COLOR") != "", Width: width})
		for _, e := range parse(t, shop...) {
			if err := sink.Write(e); err != nil {
				t.Fatal(err)
			}
		}
		sink.Close()
	}
}

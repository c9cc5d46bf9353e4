#define _GNU_SOURCE
#include "handler.h"
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

enum { SPACE = 1 << 16, MANY = 64 };

static struct record records[SPACE];
static int begun, count;
static struct { unsigned long from, to; } text[MANY];
static int texts;
static sigjmp_buf after_fault;

static void note(int handler, int signo, siginfo_t *si, void *context) {
	struct record r = {.signo = signo, .code = si->si_code, .pid = si->si_pid, .stray = 1, .handler = handler};
	unsigned long pc = ((ucontext_t *)context)->uc_mcontext.gregs[REG_RIP];
	for (int i = 0; i < texts; i++)
		if (text[i].from <= pc && pc < text[i].to)
			r.stray = 0;
	if (signo == SIGSEGV) {
		r.pid = 0;
		r.value = (long)si->si_addr;
	} else if (signo == SIGCHLD) {
		r.status = si->si_status;
	} else if (si->si_code == SI_TIMER) {
		r.pid = 0;
		r.value = si->si_value.sival_int;
	} else if (si->si_code == SI_QUEUE) {
		r.value = si->si_value.sival_int;
	} else if (si->si_code == SI_KERNEL) {
		r.pid = 0;
	}
	records[__atomic_fetch_add(&begun, 1, __ATOMIC_SEQ_CST) % SPACE] = r;
	__atomic_fetch_add(&count, 1, __ATOMIC_SEQ_CST);
	if (signo == SIGSEGV)
		siglongjmp(after_fault, 1);
}

static void first(int signo, siginfo_t *si, void *context) { note(0, signo, si, context); }
static void second(int signo, siginfo_t *si, void *context) { note(1, signo, si, context); }

int watch(int signo, int handler) {
	struct sigaction sa = {.sa_sigaction = handler ? second : first, .sa_flags = SA_SIGINFO | SA_ONSTACK | SA_RESTART};
	sigfillset(&sa.sa_mask);
	return sigaction(signo, &sa, 0);
}

int watching(int signo) {
	struct sigaction sa;
	if (sigaction(signo, 0, &sa))
		return -1;
	return sa.sa_sigaction == first ? 0 : sa.sa_sigaction == second ? 1 : -1;
}

int known(unsigned long from, unsigned long to) {
	if (texts == MANY)
		return -1;
	text[texts].from = from;
	text[texts++].to = to;
	return 0;
}

int recorded(void) { return __atomic_load_n(&count, __ATOMIC_SEQ_CST); }
struct record record(int n) { return records[n % SPACE]; }

static void by_kill(void) { kill(getpid(), SIGUSR1); }
static void by_tgkill(void) { syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGUSR1); }
static void by_queue(void) { sigqueue(getpid(), SIGRTMIN + 5, (union sigval){.sival_int = 4711}); }

static void by_timer(void) {
	static timer_t timer;
	static int made;
	struct sigevent event = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGRTMIN + 6, .sigev_value.sival_int = 42};
	struct itimerspec once = {.it_value.tv_nsec = 100000};
	if (!made)
		made = timer_create(CLOCK_MONOTONIC, &event, &timer) == 0;
	timer_settime(timer, 0, &once, 0);
}

static void by_itimer(void) {
	struct itimerval once = {.it_value.tv_usec = 100};
	setitimer(ITIMER_REAL, &once, 0);
}

// The child is waited for once its end was told.
static void by_child(void) {
	if (vfork() == 0)
		_exit(7);
}

static void by_fault(void) {
	if (sigsetjmp(after_fault, 1) == 0)
		*(volatile char *)0x1234 = 1;
}

static void by_int3(void) { __asm__ volatile("int3"); }
static void by_trap(void) { kill(getpid(), SIGTRAP); }
static void by_queued_trap(void) { sigqueue(getpid(), SIGTRAP, (union sigval){.sival_int = 3}); }

static const struct { const char *name; void (*cause)(void); } ways[] = {
	{"kill", by_kill}, {"tgkill", by_tgkill}, {"sigqueue", by_queue}, {"timer", by_timer},
	{"itimer", by_itimer}, {"child", by_child}, {"fault", by_fault}, {"int3", by_int3},
	{"trap", by_trap}, {"queued trap", by_queued_trap},
};

int causes(void) { return sizeof ways / sizeof *ways; }

const char *name(int way) { return ways[way].name; }
void cause(int way) { ways[way].cause(); }

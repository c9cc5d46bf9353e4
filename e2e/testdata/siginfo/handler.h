// What a handler in C was told, and things that cause signals.

struct record {
	int signo, code, pid, status;
	long value;
	int stray;   // the thread stood outside the code of this program
	int handler; // which one it was
};

int watch(int signo, int handler); // installs one of two handlers
int watching(int signo);           // which one is installed, or -1
int known(unsigned long from, unsigned long to);
int recorded(void);                // how many records there are
struct record record(int n);

int causes(void);                  // how many ways there are to cause a signal
const char *name(int way);
void cause(int way);

// The program repairc is repair in C. Its text has a relocation when it is built
// to be loaded anywhere.
#include <stdio.h>
#include <stdlib.h>

__attribute__((noinline)) int work(int n) { return n * n + 1; }
__attribute__((noinline)) int spare(int n) { return n * n * n; }

__asm__(".text\n.globl table\n.type table, @function\ntable: .quad work\n.quad spare\n");
extern int (*const table[])(int);

int main(void) {
	char line[16];
	printf("work %p\nspare %p\nlibrary %p\nready\n", (void *)table[0], (void *)table[1], (void *)qsort);
	fflush(stdout);
	while (fgets(line, sizeof line, stdin)) {
		int a[] = {3, 1, 2};
		qsort(a, 0, sizeof *a, 0);
		printf("work is %d\n", table[0](6));
		fflush(stdout);
	}
	return 0;
}

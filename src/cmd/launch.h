/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The program as a child that is not noticed to be one. */
#ifndef VS_CMD_LAUNCH_H
#define VS_CMD_LAUNCH_H

struct launched {
	int error;	/* errno of the exec that failed; 0: it ran */
	int status;	/* as waitpid() has it */
};

/*
 * launch() - run @path with @argv and the environment until it ends. Meanwhile:
 * signals sent to this process from outside go to the program; those that the
 * terminal sends reach it anyway; a stop of the program stops this process, and
 * it goes on when this one does. The program gets signal mask, dispositions and
 * limits as this process was given them.
 */
struct launched launch(const char *path, char **argv);

/* launch_end() - end as the program ended; does not return. */
__attribute__((noreturn)) void launch_end(int status);

#endif

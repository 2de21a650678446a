/* The commands of the program: each takes the words behind its name, returns the exit status. */
#ifndef VITRINE_FRONTENDS_COMMANDS_H
#define VITRINE_FRONTENDS_COMMANDS_H

int run_command(int argc, char **argv);
int host_command(int argc, char **argv);
int debug_command(int argc, char **argv);
int disk_command(int argc, char **argv);
int trace_command(int argc, char **argv);
int doctor_command(int argc, char **argv);

#endif


/*
 * The commands: each returns its exit code, and leaves standard output to be
 * flushed.
 */

#ifndef _PRIZECTL_COMMANDS_H_INCLUDED_
#define _PRIZECTL_COMMANDS_H_INCLUDED_


#include "prizectl_options.h"


int prizectl_load(const prizectl_options_t *options);
int prizectl_verify(const prizectl_options_t *options);
int prizectl_clear(const prizectl_options_t *options);
int prizectl_sign(const prizectl_options_t *options);
int prizectl_opened(const prizectl_options_t *options);
int prizectl_rehearse(const prizectl_options_t *options);
int prizectl_render(const prizectl_options_t *options);


#endif /* _PRIZECTL_COMMANDS_H_INCLUDED_ */


/*
 * The values of options: each function reads that of one option and checks it.
 */

#ifndef _PRIZECTL_OPTION_H_INCLUDED_
#define _PRIZECTL_OPTION_H_INCLUDED_


#include "prizectl_options.h"


/* 0, or -1 after a message; the value lives as long as the options */
typedef int (*prizectl_option_pt)(prizectl_options_t *options,
    const char *value);


int prizectl_option_postgres(prizectl_options_t *options, const char *value);
int prizectl_option_key(prizectl_options_t *options, const char *value);
int prizectl_option_ttl(prizectl_options_t *options, const char *value);
int prizectl_option_jitter(prizectl_options_t *options, const char *value);
int prizectl_option_page(prizectl_options_t *options, const char *value);
int prizectl_option_raw(prizectl_options_t *options, const char *value);
int prizectl_option_rate(prizectl_options_t *options, const char *value);
int prizectl_option_id(prizectl_options_t *options, const char *value);
int prizectl_option_field(prizectl_options_t *options, const char *value);
int prizectl_option_event(prizectl_options_t *options, const char *value);
int prizectl_option_url(prizectl_options_t *options, const char *value);
int prizectl_option_expires(prizectl_options_t *options, const char *value);
int prizectl_option_until(prizectl_options_t *options, const char *value);
int prizectl_option_id_max_length(prizectl_options_t *options,
    const char *value);
int prizectl_option_host(prizectl_options_t *options, const char *value);
int prizectl_option_expect(prizectl_options_t *options, const char *value);
int prizectl_option_pace(prizectl_options_t *options, const char *value);
int prizectl_option_sample(prizectl_options_t *options, const char *value);
int prizectl_option_within(prizectl_options_t *options, const char *value);
int prizectl_option_connect_to(prizectl_options_t *options,
    const char *value);


#endif /* _PRIZECTL_OPTION_H_INCLUDED_ */


/*
 * $prize_id, $prize_source, $prize_result and $prize_field_NAME, in every
 * phase and after an internal redirect.
 */

#ifndef _NGX_HTTP_PRIZE_VARIABLE_H_INCLUDED_
#define _NGX_HTTP_PRIZE_VARIABLE_H_INCLUDED_


#include "ngx_http_prize.h"


ngx_int_t ngx_http_prize_variables_add(ngx_conf_t *cf);

/*
 * Adds the fields that only a variable of the configuration names to every
 * location's, as optional ones; once the whole configuration is read.
 */
ngx_int_t ngx_http_prize_variables_fields(ngx_conf_t *cf,
    ngx_http_prize_main_conf_t *pmcf);


#endif /* _NGX_HTTP_PRIZE_VARIABLE_H_INCLUDED_ */


/*
 * A file that a directive names, such as a page.
 */

#ifndef _NGX_HTTP_PRIZE_FILE_H_INCLUDED_
#define _NGX_HTTP_PRIZE_FILE_H_INCLUDED_


#include <ngx_config.h>
#include <ngx_core.h>


/*
 * All of "file", a full name that ends in a zero byte, at most 16 MiB.
 * "source" lives in cf->temp_pool, until the configuration has been read.
 * NGX_ERROR: no memory, or what has been logged under the directive's name.
 */
ngx_int_t ngx_http_prize_file_read(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *source);


#endif /* _NGX_HTTP_PRIZE_FILE_H_INCLUDED_ */

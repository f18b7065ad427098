
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

/*
 * The first line of "file", a name relative to the configuration's folder,
 * which becomes a full one.  "password" lives in cf->pool and ends in a zero
 * byte.  NGX_ERROR: as above, or the line is empty, which has been logged.
 */
ngx_int_t ngx_http_prize_file_password(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *password);


#endif /* _NGX_HTTP_PRIZE_FILE_H_INCLUDED_ */


#include "ngx_http_prize_file.h"


#define NGX_HTTP_PRIZE_FILE_MAX  (16 * 1024 * 1024)


static ngx_int_t
ngx_http_prize_file_load(ngx_conf_t *cf, ngx_fd_t fd, ngx_str_t *file,
    ngx_str_t *source, size_t size)
{
    ssize_t     n;
    ngx_str_t  *directive;

    directive = cf->args->elts;

    source->data = ngx_pnalloc(cf->temp_pool, size + 1);
    if (source->data == NULL) {
        return NGX_ERROR;
    }

    while (source->len < size) {
        n = ngx_read_fd(fd, source->data + source->len, size - source->len);

        if (n <= 0) {
            ngx_conf_log_error(NGX_LOG_EMERG, cf, n < 0 ? ngx_errno : 0,
                               "\"%V\" cannot read \"%V\"", directive, file);
            return NGX_ERROR;
        }

        source->len += n;
    }

    return NGX_OK;
}


ngx_int_t
ngx_http_prize_file_read(ngx_conf_t *cf, ngx_str_t *file, ngx_str_t *source)
{
    ngx_fd_t         fd;
    ngx_int_t        rc;
    ngx_str_t       *directive;
    ngx_file_info_t  fi;

    directive = cf->args->elts;
    rc = NGX_ERROR;
    source->len = 0;

    fd = ngx_open_file(file->data, NGX_FILE_RDONLY|NGX_FILE_NONBLOCK,
                       NGX_FILE_OPEN, 0);

    if (fd == NGX_INVALID_FILE) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "\"%V\" cannot open \"%V\"", directive, file);
        return NGX_ERROR;
    }

    if (ngx_fd_info(fd, &fi) == NGX_FILE_ERROR) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, ngx_errno,
                           "\"%V\" cannot stat \"%V\"", directive, file);
        goto done;
    }

    if (!ngx_is_file(&fi) || ngx_file_size(&fi) > NGX_HTTP_PRIZE_FILE_MAX) {
        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" wants a file of at most 16 MiB, which "
                           "\"%V\" is not", directive, file);
        goto done;
    }

    rc = ngx_http_prize_file_load(cf, fd, file, source, ngx_file_size(&fi));

done:

    if (ngx_close_file(fd) == NGX_FILE_ERROR) {
        ngx_log_error(NGX_LOG_ALERT, cf->log, ngx_errno,
                      ngx_close_file_n " \"%V\" failed", file);
    }

    return rc;
}


/* the first line, so that an editor's newline does no harm */

ngx_int_t
ngx_http_prize_file_password(ngx_conf_t *cf, ngx_str_t *file,
    ngx_str_t *password)
{
    u_char     *p, *last;
    ngx_str_t  *directive, source;

    if (ngx_conf_full_name(cf->cycle, file, 1) != NGX_OK
        || ngx_http_prize_file_read(cf, file, &source) != NGX_OK)
    {
        return NGX_ERROR;
    }

    last = source.data + source.len;

    for (p = source.data; p < last && *p != LF && *p != CR; p++) {
        /* void */
    }

    source.len = p - source.data;

    if (source.len == 0) {
        directive = cf->args->elts;

        ngx_conf_log_error(NGX_LOG_EMERG, cf, 0,
                           "\"%V\" has no password in the first line of "
                           "\"%V\"", directive, file);
        return NGX_ERROR;
    }

    password->data = ngx_pnalloc(cf->pool, source.len + 1);
    if (password->data == NULL) {
        return NGX_ERROR;
    }

    password->len = source.len;
    (void) ngx_cpystrn(password->data, source.data, source.len + 1);

    return NGX_OK;
}


/*
 * What a sysadmin writes: the directives, their defaults and inheritance, and
 * what "nginx -t" says of a mistake.
 */

#ifndef _NGX_HTTP_PRIZE_DIRECTIVE_H_INCLUDED_
#define _NGX_HTTP_PRIZE_DIRECTIVE_H_INCLUDED_


#include "ngx_http_prize.h"


void *ngx_http_prize_create_main_conf(ngx_conf_t *cf);
void *ngx_http_prize_create_loc_conf(ngx_conf_t *cf);
char *ngx_http_prize_merge_loc_conf(ngx_conf_t *cf, void *parent, void *child);

char *ngx_http_prize_postgres(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_prize_page(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_prize_status(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_prize_redis_pass(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_redis_key(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_prize_redis_password(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_redis_password_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_postgres_pass(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_postgres_query(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_sign_key_file(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_sign_event(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);
char *ngx_http_prize_csp(ngx_conf_t *cf, ngx_command_t *cmd, void *conf);
char *ngx_http_prize_write_back(ngx_conf_t *cf, ngx_command_t *cmd,
    void *conf);

/* what follows a stock slot: of a time, of a size, of a number */
char *ngx_http_prize_check_positive(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_prize_check_id_length(ngx_conf_t *cf, void *post, void *data);
char *ngx_http_prize_check_database(ngx_conf_t *cf, void *post, void *data);


#endif /* _NGX_HTTP_PRIZE_DIRECTIVE_H_INCLUDED_ */

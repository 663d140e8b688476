# targets of ngx_mlforkids_module/
module:

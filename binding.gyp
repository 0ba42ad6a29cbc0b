{
  "targets": [
    {
      "target_name": "vpn_ws",
      "sources": ["native/addon.c"],
      "cflags": ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror=implicit-function-declaration"]
    }
  ]
}

{
  "targets": [
    {
      "target_name": "vpn_ws",
      "sources": [
        "native/addon.c",
        "native/arguments.c",
        "native/tap.c",
        "native/tap_reader.c",
        "native/tap_writer.c",
        "native/netlink.c",
        "native/netlink_watch.c",
        "native/link.c",
        "native/route.c",
        "native/socket_options.c",
        "native/mask.c",
        "native/threads.c",
        "native/process.c"
      ],
      "defines": ["NAPI_VERSION=8", "_GNU_SOURCE"],
      "cflags": ["-std=c11", "-O2", "-Wall", "-Wextra", "-Werror=implicit-function-declaration"]
    }
  ]
}

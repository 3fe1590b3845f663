"""Where pictures come from: RTSP, files, folders, image sequences."""

// nghttp2, through one door.
#pragma once
#include <nghttp2/nghttp2.h>

// Debian ships llhttp as C sources: they are compiled from where the package node-llhttp puts them.
#pragma once
#include "/usr/share/include/llhttp/llhttp.h"

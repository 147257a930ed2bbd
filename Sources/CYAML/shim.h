// libyaml, through one door.
#pragma once
#include <yaml.h>

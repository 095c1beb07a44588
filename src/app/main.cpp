#include "app/cli.h"

int main(int argc, char** argv) { return lineshaft::app::run_cli(argc, argv); }

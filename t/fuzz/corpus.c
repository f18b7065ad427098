
/*
 * Runs a fuzzer's kept inputs without libFuzzer: the files that are named, of
 * which it says the name of each before.
 */

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>


int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);


static int
run(const char *name)
{
    FILE     *file;
    size_t    size;
    uint8_t  *data, *input;

    file = fopen(name, "rb");
    data = malloc(1024 * 1024);

    if (file == NULL || data == NULL) {
        perror(name);
        return -1;
    }

    size = fread(data, 1, 1024 * 1024, file);
    fclose(file);

    /* so that a sanitizer sees a read behind the end */

    input = realloc(data, size ? size : 1);
    if (input == NULL) {
        perror(name);
        free(data);
        return -1;
    }

    (void) LLVMFuzzerTestOneInput(input, size);

    free(input);

    return 0;
}


int
main(int argc, char **argv)
{
    int  i;

    for (i = 1; i < argc; i++) {
        puts(argv[i]);
        fflush(stdout);

        if (run(argv[i]) != 0) {
            return 1;
        }
    }

    return argc < 2;
}

// Nothing is called from here: the library is loaded before others (LD_PRELOAD) and stands in for some of the C library.

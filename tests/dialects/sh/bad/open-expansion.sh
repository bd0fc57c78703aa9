x=${a

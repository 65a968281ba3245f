/* The python.exe that no wheel ships: hands its arguments to the real python312.dll beside it. */
#include <windows.h>

int wmain(int argc, wchar_t **argv)
{
    HMODULE library = LoadLibraryW(L"python312.dll");
    if (!library)
        return 99;
    int (*run)(int, wchar_t **) = (int (*)(int, wchar_t **))(void *)GetProcAddress(library, "Py_Main");
    return run ? run(argc, argv) : 98;
}

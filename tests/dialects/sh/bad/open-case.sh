case a in
a) b ;;
